"""What is this person doing? Window of signals -> small network -> vote, one of each per person."""
