"""The exchange: spare requests, the customer's receipt, and the faulty part's way back."""
