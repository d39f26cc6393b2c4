"""What comes in and goes out on the web about downloads? One module for each noun; all of them only translate."""
