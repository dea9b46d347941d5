-- KEYS slot, told   ARGV token, people, hold_ms, day_ms   -> {answer, place…}
local token, people = ARGV[1], tonumber(ARGV[2])
local hold_ms, day_ms = tonumber(ARGV[3]), tonumber(ARGV[4])
local view = read_view(KEYS[1])
if not is_fresh(view, hold_ms) then return {'UNKNOWN'} end

local free, mine = {}, {}
local capacity = tonumber(view.capacity)
for place = 1, tonumber(view.top) do
  local name = holder(view[tostring(place)], hold_ms)
  if name == token then mine[#mine + 1] = place elseif not name and place <= capacity then free[#free + 1] = place end
end
-- From now on FULL is no proof for this token; said again with MINE, in case Redis forgot it since.
local function tell_held() redis.call('SET', KEYS[2], 'held', 'PXAT', now + day_ms) end

-- All or none: a token that has kept some of its places only must not be told that it has them.
if #mine == people then
  tell_held()
  return {'MINE', unpack(mine)}
end

local chosen = choose(free, people)
local told = redis.call('GET', KEYS[2])
if #chosen == 0 or told == 'refused' then
  -- No proof for a token that was ever given a hold, nor one that is seen here, nor while the view is so young
  -- that holds may have been forgotten.
  if told == 'held' or #mine > 0 or now < tonumber(view.young) then return {'DOUBT'} end
  -- The refusal sticks to its key for longer than any request lives: its twin must not find a place freed since.
  redis.call('SET', KEYS[2], 'refused', 'PXAT', now + 10 * hold_ms)
  return {capacity > 0 and 'FULL' or 'SHUT'}
end

tell_held()
local hold, fields = string.format('%.0f %s', now + hold_ms, token), {}
for _, place in ipairs(chosen) do
  fields[#fields + 1] = place
  fields[#fields + 1] = hold
end
redis.call('HSET', KEYS[1], unpack(fields))
return {'HELD', unpack(chosen)}
