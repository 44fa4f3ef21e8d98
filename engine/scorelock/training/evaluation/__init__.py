"""`scorelock evaluate`: scores of a model beside trivial predictors, and of what it composes."""
