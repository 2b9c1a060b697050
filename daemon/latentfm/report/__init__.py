"""What can be said of the music afterwards: a page for a section, figures of many, hours that were listened to."""
