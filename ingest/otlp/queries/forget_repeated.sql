delete from ingest_usagerepeated where time < %(before)s
