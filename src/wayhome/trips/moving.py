"""People move between instances: the one way out and the one way in (``moves`` holds the parts)."""

from wayhome.trips.moves.arriving import Arrived as Arrived
from wayhome.trips.moves.arriving import arrive as arrive
from wayhome.trips.moves.arriving import is_move as is_move
from wayhome.trips.moves.keys import own_key as own_key
from wayhome.trips.moves.keys import read_key as read_key
from wayhome.trips.moves.leaving import Left as Left
from wayhome.trips.moves.leaving import leave as leave
from wayhome.trips.moves.settling import assurance_called as assurance_called
