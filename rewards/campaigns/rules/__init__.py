"""What a campaign is, as plain data: its trigger, its ladder, its life. Neither clock nor query.

The triggers are of two families: dated facts (`dated`), whose rows name
their cause, and conditions over account facts that become true (`contract`,
`standing`). `triggers` lists them all.
"""
