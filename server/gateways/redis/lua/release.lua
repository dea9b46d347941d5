-- KEYS slot   ARGV token, stale (0 or 1), place…, channel, desk   Without places: all holds of the token.
-- Rows go only by name: a twin that gives up must not hide the booking that the other one has committed.
local token, wanted = ARGV[1], {}
for i = 3, #ARGV - 2 do wanted[ARGV[i]] = true end
local flat = redis.call('HGETALL', KEYS[1])
for i = 1, #flat, 2 do
  local deadline, name = string.match(flat[i + 1], '^(%d+) (.*)$')
  if name == token and (wanted[flat[i]] or (#ARGV == 4 and deadline ~= '0')) then
    redis.call('HDEL', KEYS[1], flat[i])
  end
end
if ARGV[2] == '1' then redis.call('HDEL', KEYS[1], 'fresh') end
tell_news()
