"""Many threads of a process that has just begun ask for places at once."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.unit

ASKED = """
import threading
from wayhome.places import index
from wayhome.places.locate import locate

index.polygons()
places = [(44.4, 33.3), (43.1, 36.3), (44.0, 36.2), (47.8, 30.5), (2.35, 48.85), (3.4, 6.45),
          (139.7, 35.7), (13.4, 52.5), (43.3, 33.4), (31.2, 30.0), (-77.0, -12.0)]
together = threading.Barrier(8)

def ask(number):
    together.wait()
    for lon, lat in places:
        locate(lon + number / 50, lat + number / 50, 100)

threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


@pytest.mark.parametrize("_again", range(4))
def test_a_surge_on_a_fresh_process_corrupts_no_memory(_again: int) -> None:
    """Without care two of three such processes died: GEOS makes its indexes as it answers."""
    done = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
