-- KEYS log…   ARGV limit, window_ms, counts (0 or 1)   -> for each log 0, or the milliseconds until one more is allowed
-- A log holds the times of the last `limit` events, newest first: with the oldest of them inside the window, the
-- limit is reached. Refused events are not written, so waiting always helps.
local limit, window_ms, counts = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'

local function hit(log)
  local oldest = redis.call('LINDEX', log, limit - 1)
  if oldest and tonumber(oldest) + window_ms > now then
    return math.min(tonumber(oldest) + window_ms - now, window_ms)
  end
  if counts then
    redis.call('LPUSH', log, string.format('%.0f', now))
    redis.call('LTRIM', log, 0, limit - 1)
    redis.call('PEXPIREAT', log, now + window_ms)
  end
  return 0
end

local answers = {}
for i, log in ipairs(KEYS) do answers[i] = hit(log) end
return answers
