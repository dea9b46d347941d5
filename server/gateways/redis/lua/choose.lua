-- The earliest neighbouring places, else the earliest ones; nothing when too few are free.
local function choose(free, people)
  if #free < people then return {} end
  local from = 1
  for i = 1, #free - people + 1 do
    if free[i + people - 1] - free[i] == people - 1 then from = i break end
  end
  return {unpack(free, from, from + people - 1)}
end
