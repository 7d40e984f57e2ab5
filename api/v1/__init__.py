"""The HTTP interface ``/api/v1``: one router a subject, over the services."""
