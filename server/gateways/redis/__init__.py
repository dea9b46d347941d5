"""Redis behind the service: views that may be lost at any moment, never the only copy of anything."""
