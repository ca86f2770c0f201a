"""A small application that shows every shared page part, for the tests of the templates and for looking at them."""
