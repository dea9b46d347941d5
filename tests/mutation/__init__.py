"""Mutation score: how many small faults put into the rules and services the tests notice (`make mutate`)."""
