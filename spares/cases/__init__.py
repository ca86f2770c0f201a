"""Why anything moves: customers, their equipment, cases, fault confirmations and the timeline."""
