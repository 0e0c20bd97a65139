"""The providers' surfaces: the kit in the modules here, one folder for each dialect."""
