-- A slot's view is one hash. fresh: until when it may be believed; young: until when its FULL is no proof; capacity:
-- 0 on a closed day; top: the highest place to look at (rows stay when capacity falls); and each place's number ->
-- "0 token" for a row of the table, "until token" for a hold.
local ZERO = string.byte('0') -- a row is known by its first byte: a full slot has twelve to look at in every refusal

local function read_view(key)
  local view, flat = {}, redis.call('HGETALL', key)
  for i = 1, #flat, 2 do view[flat[i]] = flat[i + 1] end
  return view
end

-- Not yet reached. A deadline too far away was written before the clock stepped back: it is not believed.
local function is_ahead(deadline, hold_ms)
  return deadline > now and deadline <= now + 2 * hold_ms
end

local function is_fresh(view, hold_ms)
  return is_ahead(tonumber(view.fresh or 0), hold_ms)
end

-- Whose place it is, and whether by a hold; nil when it is free.
local function holder(entry, hold_ms)
  if not entry then return nil end
  if string.byte(entry) == ZERO then return string.sub(entry, 3), false end
  local space = string.find(entry, ' ', 1, true)
  if is_ahead(tonumber(string.sub(entry, 1, space - 1)), hold_ms) then return string.sub(entry, space + 1), true end
end
