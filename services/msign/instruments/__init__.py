"""With what do people sign? One module per kind of instrument, all behind the interface in `instrument`."""
