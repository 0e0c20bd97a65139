"""Work that is done after the answer: claimed by lease from the store, safe to repeat."""
