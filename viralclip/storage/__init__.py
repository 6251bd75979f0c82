"""Where clips and uploaded videos live: one interface over local folders and object stores."""
