"""What serves somebody who tries the product out on their own machine."""
