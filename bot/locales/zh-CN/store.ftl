# 服务器设置与数据库的错误。

settings-candidates = 束宽 { $beam_size } 给不出 { $candidates } 句：请把束宽设为 { $candidates } 到 { $widest }，或把句数减到 { $beam_size } 以内。
unknown-choice = 没有 { $value } 这一项：请从 { $choices } 中选择。
store-busy = 数据库正忙：请稍后再试。
store-failed = 数据库无法使用：运营者可以在日志里找到原因。
store-away = 无法连接数据库：请稍后再试。

# 数据库文件，写给运行机器人的人。
store-url = LIANJU_DATABASE 没有指明文件：请写 sqlite+aiosqlite:///，后接文件路径。
store-folder = 无法创建目录 { $path }（{ $reason }）：请把 LIANJU_DATABASE 设到别处。
store-is-folder = { $path } 是目录：请为数据库选一个文件。
store-not-a-file = { $path } 不是普通文件：请为数据库选一个文件。
store-damaged = { $path } 不是数据库，或已损坏：请改用备份恢复。
store-incomplete = { $path } 只是数据库的一部分：请改用备份恢复。
store-schema = { $path } 缺少 { $part }：请改用备份恢复。
store-foreign = { $path } 属于别的程序：请另选文件。
store-newer = { $path } 由更新版本的 Lianju 写成：请升级本程序。
store-in-use = 另一个机器人或命令正在使用数据库 { $path }：请先停止它，或把 LIANJU_DATABASE 设为别的文件。
store-read-only = 无法写入数据库 { $path }：请允许机器人写入该文件及其目录。
store-disk-full = 无法写入数据库 { $path }：磁盘已满。
store-moved = 数据库已不在 { $path }：请停止机器人，把文件移回原处，再启动机器人。
store-not-local = 数据库 { $path } 必须放在本地磁盘上：请移到本地磁盘。
store-unusable = 数据库 { $path } 无法使用：{ $reason }。
store-application = 数据库里的设置属于应用 { $owner } 的服务器，而机器人是 { $application }：它不在的服务器的设置保留不动。
store-exposed = 别的用户也能使用 { $path }：请用 chmod { $mode } 禁止。

# PostgreSQL 数据库，写给运行机器人的人。
store-extra = 使用 PostgreSQL 需要驱动 asyncpg：请运行 pip install 'lianju[postgres]'。
store-server-url = 这不是 PostgreSQL 数据库的地址：请写 postgresql+asyncpg://用户:密码@主机/数据库，密码中的 @ 写作 %40，/ 写作 %2F，冒号写作 %3A。
store-server-option = 数据库地址中没有 { $option } 这个选项：请从 { $options } 中选择。
store-server-value = 数据库地址中选项 { $option } 的值不对：请从 { $values } 中选择。
store-unreachable = 无法连接数据库 { $path }（{ $reason }）：请检查服务器与网络。
store-login = 数据库 { $path } 拒绝了用户或密码：请检查 LIANJU_DATABASE。
store-no-such-database = 服务器上没有数据库 { $path }：请用 createdb --encoding UTF8 --template template0 创建。
store-forbidden = 该用户无权创建或写入数据库 { $path } 的表：请让该用户成为数据库的所有者。
store-standby = 数据库 { $path } 是只读的：请连接主服务器。
store-encoding = 数据库 { $path } 的编码是 { $encoding }，缺少字符：请用 createdb --encoding UTF8 --template template0 创建。
store-tables-taken = 数据库 { $path } 里有别的程序的表：请为 Lianju 单独建一个数据库。
store-half-copied = 数据库 { $path } 里的复制尚未完成：请再次运行 lianju migrate-database。
store-other-process = 机器人的另一个进程正在使用数据库 { $path }：请停止它，或在所有进程中用 LIANJU_SHARDS 分配分片。
store-shard-taken = 数据库 { $path } 上已有另一个进程负责分片 { $shard }（共 { $count } 个）：请停止它，或在 LIANJU_SHARDS 中为本进程换别的分片。

# 备份与恢复。
backup-no-database = { $path } 处没有数据库：请先启动一次机器人。
backup-exists = { $path } 已存在：请另选文件，或用 --force 覆盖。
backup-target-in-use = { $path } 正被用作数据库：请另选文件。
backup-same-file = { $path } 就是数据库本身：请另选文件。
backup-not-a-file = { $path } 不是普通文件：请另选文件。
backup-name = SQLite 以 { $path } 这样的名称存放数据库的一部分：请换一个名称。
restore-no-file = { $path } 不存在：请另选文件。
restore-not-a-copy = { $path } 不是数据库的备份：请另选文件。
restore-damaged = { $path } 已损坏：请另选备份。
restore-empty = { $path } 是空数据库：请另选文件。
restore-kept-exists = { $path } 已存在：请过一秒再试。
restore-in-use = { $path } 正在使用：请先停止机器人，再恢复。
backup-unwritable = 无法写入 { $path }：{ $reason }。
backup-server = lianju backup 与 lianju restore 用于 SQLite：PostgreSQL 数据库请用 pg_dump 备份，用 pg_restore 恢复。
backup-done = 已将 { $path } 备份到 { $target }（{ $megabytes } MB）。
restore-done = 已用 { $source } 恢复 { $path }。
restore-kept = 原数据库保存为 { $path }。

# 从 SQLite 复制到 PostgreSQL。
copy-source = FROM 不是 SQLite 数据库的地址：请写 sqlite+aiosqlite:///，后接文件路径。
copy-no-source = { $path } 处没有数据库：请检查 FROM。
copy-running = 另一次复制正在写入数据库 { $path }：请等它结束。
copy-target-in-use = 有机器人正在使用数据库 { $path }：请先停止它，再复制。
copy-not-empty = 数据库 { $path } 里已有数据：如果复制已经完成，请把 LIANJU_DATABASE 设为它；否则请另建一个空数据库。
copy-other-source = 数据库 { $path } 里有另一个数据库未完成的复制：请另建一个空数据库。
copy-differs = 表 { $table } 与复制的内容不符：请再次运行同一命令；若仍不符，请另建一个空数据库。
copy-zero-byte = 表 { $table } 中有文本含零字节，PostgreSQL 无法保存：请先删除该行。
copy-progress = { $table }：已复制 { $done } 行，共 { $total } 行
copy-table = { $table }：{ $rows } 行，两边校验和均为 { $checksum }…
copy-done = 全部复制完毕：请把 LIANJU_DATABASE 设为新数据库，并保留旧文件，直到机器人启动成功。
