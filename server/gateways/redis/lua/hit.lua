-- KEYS log   ARGV limit, window_ms, counts (0 or 1)   -> 0, or the milliseconds until one more is allowed
-- The log holds the times of the last `limit` events, newest first: with the oldest of them inside the window, the
-- limit is reached. Refused events are not written, so waiting always helps.
local limit, window_ms = tonumber(ARGV[1]), tonumber(ARGV[2])
local oldest = redis.call('LINDEX', KEYS[1], limit - 1)
if oldest and tonumber(oldest) + window_ms > now then
  return math.min(tonumber(oldest) + window_ms - now, window_ms)
end
if ARGV[3] == '1' then
  redis.call('LPUSH', KEYS[1], string.format('%.0f', now))
  redis.call('LTRIM', KEYS[1], 0, limit - 1)
  redis.call('PEXPIREAT', KEYS[1], now + window_ms)
end
return 0
