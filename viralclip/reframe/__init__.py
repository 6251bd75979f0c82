"""From pictures to a crop that follows them: shots, tracks, speakers, camera path and windows."""
