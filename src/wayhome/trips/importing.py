"""Import enrolments of other registers: the one way in (``imports`` holds the parts)."""

from wayhome.trips.imports.mapping import Mapping as Mapping
from wayhome.trips.imports.mapping import read_mapping as read_mapping
from wayhome.trips.imports.running import Imported as Imported
from wayhome.trips.imports.running import import_csv as import_csv
from wayhome.trips.imports.running import organisation_called as organisation_called
from wayhome.trips.imports.understanding import Fault as Fault
