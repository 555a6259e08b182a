"""What connections are held to before and beside the application: time, size, number."""
