"""The providers' surfaces. Files here are the kit that every dialect is made with; every folder is one dialect."""
