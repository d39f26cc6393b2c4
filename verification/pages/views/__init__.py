"""What does an employer do on the web? One module for each noun; all of them only translate."""
