-- KEYS slot, told…   ARGV hold_ms, day_ms, "token people …", channel, desk   -> {answer, place…} for each token
-- The tokens of one moment are answered one after the other, each as if it had come alone at this time.
local hold_ms, day_ms = tonumber(ARGV[1]), tonumber(ARGV[2])
local view = read_view(KEYS[1])
local is_believed = is_fresh(view, hold_ms)
local capacity, names, fields = tonumber(view.capacity), {}, {}
for place = 1, tonumber(view.top or 0) do
  names[place] = holder(view[tostring(place)], hold_ms) or false
end

-- Where the token is, and which places are free for it.
local function look(token)
  local free, mine = {}, {}
  for place, name in ipairs(names) do
    if name == token then mine[#mine + 1] = place elseif not name and place <= capacity then free[#free + 1] = place end
  end
  return free, mine
end

-- No proof for a token that was ever given a hold, nor one that is seen here, nor while the view is so young
-- that holds may have been forgotten. The refusal sticks to its key for longer than any request lives: its twin
-- must not find a place freed since.
local function refuse(told_key, told, is_seen)
  if told == 'held' or is_seen or now < tonumber(view.young) then return {'DOUBT'} end
  redis.call('SET', told_key, 'refused', 'PXAT', now + 10 * hold_ms)
  return {capacity > 0 and 'FULL' or 'SHUT'}
end

local function take(told_key, token, people)
  local free, mine = look(token)
  -- From now on FULL is no proof for this token; said again with MINE, in case Redis forgot it since.
  local function tell_held() redis.call('SET', told_key, 'held', 'PXAT', now + day_ms) end
  -- All or none: a token that has kept some of its places only must not be told that it has them.
  if #mine == people then
    tell_held()
    return {'MINE', unpack(mine)}
  end
  local chosen, told = choose(free, people), redis.call('GET', told_key)
  if #chosen == 0 or told == 'refused' then return refuse(told_key, told, #mine > 0) end
  tell_held()
  local hold = string.format('%.0f %s', now + hold_ms, token)
  for _, place in ipairs(chosen) do
    names[place] = token
    fields[#fields + 1] = place
    fields[#fields + 1] = hold
  end
  return {'HELD', unpack(chosen)}
end

local answers = {}
for token, people in string.gmatch(ARGV[3], '(%S+) (%d+)') do
  answers[#answers + 1] = is_believed and take(KEYS[#answers + 2], token, tonumber(people)) or {'UNKNOWN'}
end
if #fields > 0 then
  redis.call('HSET', KEYS[1], unpack(fields))
  tell_news()
end
return answers
