"""The gate's chooser and the one of the path without Redis choose alike, in all 49,152 cases."""

import pytest

from server.appointments.slots import choose
from server.gateways.redis.client import RedisDoor, script_text

PLACES = range(1, 13)
MASKS = range(1 << 12)

_EVERY_MASK = """
local people, answer = tonumber(ARGV[1]), {}
for mask = 0, 4095 do
  local free = {}
  for place = 1, 12 do
    if math.floor(mask / 2 ^ (place - 1)) % 2 == 1 then free[#free + 1] = place end
  end
  answer[mask + 1] = choose(free, people)
end
return answer
"""


@pytest.mark.parametrize("people", PLACES)
async def test_every_set_of_free_places(door: RedisDoor, people: int) -> None:
    script = door.client.register_script(script_text("choose") + _EVERY_MASK)

    chosen = await door.call(lambda redis: script([], [people], client=redis))

    free = [[place for place in PLACES if mask >> (place - 1) & 1] for mask in MASKS]
    assert [tuple(places) for places in chosen] == [choose(places, people) for places in free]
