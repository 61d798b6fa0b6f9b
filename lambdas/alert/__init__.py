"""The function that turns an event of CloudTrail into a message that a person can act on."""
