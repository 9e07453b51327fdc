"""What strangers wrote is read and written here, within bounds."""
