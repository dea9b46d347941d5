-- KEYS slots of one desk   ARGV hold_ms   -> free places of each, -1 on a closed day, -2 where the view is not believed
local hold_ms, answer = tonumber(ARGV[1]), {}
for i, key in ipairs(KEYS) do
  local view = read_view(key)
  answer[i] = -2
  if is_fresh(view, hold_ms) then
    local free = 0
    for place = 1, tonumber(view.capacity) do
      if not holder(view[tostring(place)], hold_ms) then free = free + 1 end
    end
    answer[i] = tonumber(view.capacity) > 0 and free or -1
  end
end
return answer
