"""The domain: what mail is asked for, kept, sent and told about. It knows no dialect and no HTTP."""
