-- The last two arguments of every script that changes what the grid shows: the channel and the desk to name there.
local function tell_news() redis.call('PUBLISH', ARGV[#ARGV - 1], ARGV[#ARGV]) end
