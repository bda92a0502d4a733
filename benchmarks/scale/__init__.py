"""How long jobs take and what they cost on AWS, for any number of workers: a simulation, as there is no account."""
