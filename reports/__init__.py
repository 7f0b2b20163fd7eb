"""Who is told, when and how: report content, charts, PDF, e-mail, schedules and the delivery ledger."""
