# Errors of guild settings and of the database.

settings-candidates = A beam of size { $beam_size } cannot give { $candidates } candidates: choose a beam size from { $candidates } to { $widest }, or candidates up to { $beam_size }.
unknown-choice = { $value } is not known: choose from { $choices }.
store-busy = The database is busy: please try again in a moment.
store-failed = The database cannot be used: the operator finds the reason in the log.
store-away = The database cannot be reached: please try again in a moment.

# The database file, for the operator.
store-url = LIANJU_DATABASE names no file: write sqlite+aiosqlite:/// followed by the file's path.
store-folder = The folder { $path } cannot be created ({ $reason }): set LIANJU_DATABASE to another place.
store-is-folder = { $path } is a folder: choose a file for the database.
store-not-a-file = { $path } is not a regular file: choose a file for the database.
store-damaged = { $path } is not a database, or is damaged: restore a backup instead.
store-incomplete = { $path } is only a part of a database: restore a backup instead.
store-schema = { $path } lacks its { $part }: restore a backup instead.
store-foreign = { $path } belongs to another program: choose another file.
store-newer = { $path } was written by a newer version of Lianju: update this one.
store-in-use = Another bot or command uses the database { $path }: stop it, or set LIANJU_DATABASE to another file.
store-read-only = The database { $path } cannot be written: let the bot write the file and its folder.
store-disk-full = The database { $path } cannot be written: the disk is full.
store-moved = The database is no longer at { $path }: stop the bot, move the file back, and start the bot again.
store-not-local = The database { $path } must be on a local disk: move it to one.
store-unusable = The database { $path } cannot be used: { $reason }.
store-application = The settings in the database belong to the servers of the application { $owner }, and the bot is { $application }: settings of servers that it is not in are kept.
store-exposed = Others than its owner may use { $path }: forbid it with chmod { $mode }.

# A PostgreSQL database, for the operator.
store-extra = PostgreSQL needs the driver asyncpg: install it with pip install 'lianju[postgres]'.
store-server-url = This is no address of a PostgreSQL database: write postgresql+asyncpg://user:password@host/database, with %40 for an @ in the password, %2F for a / and %3A for a colon.
store-server-option = The address of the database has an option { $option }, which is not known: choose from { $options }.
store-server-value = The option { $option } in the address of the database has a value that is not known: choose from { $values }.
store-unreachable = The database { $path } cannot be reached ({ $reason }): check the server and the network.
store-login = The database { $path } refuses user or password: check LIANJU_DATABASE.
store-no-such-database = The server has no database { $path }: create it with createdb --encoding UTF8 --template template0.
store-forbidden = The user may not create or write the tables of the database { $path }: make that user the database's owner.
store-standby = The database { $path } is read-only: connect to the primary server.
store-encoding = The database { $path } is encoded in { $encoding }, which lacks characters: create it with createdb --encoding UTF8 --template template0.
store-tables-taken = The database { $path } has tables of another program: create a database for Lianju alone.
store-half-copied = The database { $path } holds an unfinished copy: run lianju migrate-database again.
store-other-process = Another process of the bot uses the database { $path }: stop it, or share the shards by LIANJU_SHARDS in all processes.
store-shard-taken = Another process has the shard { $shard } of { $count } in the database { $path }: stop it, or give this one other shards in LIANJU_SHARDS.

# Backup and restore.
backup-no-database = There is no database at { $path }: start the bot once.
backup-exists = { $path } exists: choose another file, or replace it with --force.
backup-target-in-use = { $path } is in use as a database: choose another file.
backup-same-file = { $path } is the database itself: choose another file.
backup-not-a-file = { $path } is not a regular file: choose another file.
backup-name = SQLite keeps parts of a database under names like { $path }: choose another name.
restore-no-file = { $path } does not exist: choose another file.
restore-not-a-copy = { $path } is not a copy of a database: choose another file.
restore-damaged = { $path } is damaged: choose another copy.
restore-empty = { $path } is an empty database: choose another file.
restore-kept-exists = { $path } exists: try again in a second.
restore-in-use = { $path } is in use: stop the bot, then restore.
backup-unwritable = { $path } cannot be written: { $reason }.
backup-server = lianju backup and lianju restore are for SQLite: copy a PostgreSQL database with pg_dump, and bring it back with pg_restore.
backup-done = Copied { $path } to { $target } ({ $megabytes } MB).
restore-done = Restored { $source } to { $path }.
restore-kept = The previous database is { $path }.

# Copying from SQLite to PostgreSQL.
copy-source = FROM is not the address of a SQLite database: write sqlite+aiosqlite:/// followed by the file's path.
copy-no-source = There is no database at { $path }: check FROM.
copy-running = Another copy into the database { $path } is running: wait for its end.
copy-target-in-use = A bot uses the database { $path }: stop it, then copy.
copy-not-empty = The database { $path } has rows already: if a copy into it has ended, set LIANJU_DATABASE to it; otherwise create an empty one.
copy-other-source = The database { $path } holds an unfinished copy of another database: create an empty one.
copy-differs = The table { $table } differs from the copy: run the same command again; if it differs again, create an empty database.
copy-zero-byte = A text in the table { $table } has a zero byte, which PostgreSQL does not store: remove that row first.
copy-progress = { $table }: copied { $done } of { $total } rows
copy-table = { $table }: { $rows } rows, checksum { $checksum }… in both
copy-done = Everything is copied: set LIANJU_DATABASE to the new database, and keep the old file until the bot has started.
