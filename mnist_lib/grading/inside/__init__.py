"""What runs inside the sandbox. `mnist_lib.grading.sandbox` copies these files there; nothing outside imports them."""
