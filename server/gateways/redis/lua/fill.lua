-- KEYS slot   ARGV view_ms, hold_ms, keep_ms, capacity, (place, token)…   Rows win, living holds stay, the rest is free.
local view_ms, hold_ms, keep_ms = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local old, capacity = read_view(KEYS[1]), tonumber(ARGV[4])
-- A view born of nothing stays young for one hold time: until then holds it cannot know of may be alive.
local young = old.young or string.format('%.0f', now + hold_ms)
local fields = {'fresh', string.format('%.0f', now + view_ms), 'young', young, 'capacity', capacity}
local rows, top = {}, capacity
for i = 5, #ARGV, 2 do
  top = math.max(top, tonumber(ARGV[i]))
  rows[ARGV[i]] = true
  fields[#fields + 1] = ARGV[i]
  fields[#fields + 1] = '0 ' .. ARGV[i + 1]
end
for place = 1, capacity do
  local name = tostring(place)
  local _, is_hold = holder(old[name], hold_ms)
  if is_hold and not rows[name] then
    fields[#fields + 1] = name
    fields[#fields + 1] = old[name]
  end
end
fields[#fields + 1] = 'top'
fields[#fields + 1] = top
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('PEXPIREAT', KEYS[1], now + keep_ms)
