# 伺服器設定與資料庫的錯誤。

settings-candidates = 束寬 { $beam_size } 給不出 { $candidates } 句：請把束寬設為 { $candidates } 到 { $widest }，或把句數減到 { $beam_size } 以內。
unknown-choice = 沒有 { $value } 這一項：請從 { $choices } 中選擇。
store-busy = 資料庫正忙：請稍後再試。
store-failed = 資料庫無法使用：營運者可以在日誌裡找到原因。
store-away = 無法連線到資料庫：請稍後再試。

# 資料庫檔案，寫給執行機器人的人。
store-url = LIANJU_DATABASE 沒有指明檔案：請寫 sqlite+aiosqlite:///，後接檔案路徑。
store-folder = 無法建立資料夾 { $path }（{ $reason }）：請把 LIANJU_DATABASE 設到別處。
store-is-folder = { $path } 是資料夾：請為資料庫選一個檔案。
store-not-a-file = { $path } 不是一般檔案：請為資料庫選一個檔案。
store-damaged = { $path } 不是資料庫，或已損毀：請改用備份還原。
store-incomplete = { $path } 只是資料庫的一部分：請改用備份還原。
store-schema = { $path } 缺少 { $part }：請改用備份還原。
store-foreign = { $path } 屬於別的程式：請另選檔案。
store-newer = { $path } 由更新版本的 Lianju 寫成：請升級本程式。
store-in-use = 另一個機器人或命令正在使用資料庫 { $path }：請先停止它，或把 LIANJU_DATABASE 設為別的檔案。
store-read-only = 無法寫入資料庫 { $path }：請允許機器人寫入該檔案及其資料夾。
store-disk-full = 無法寫入資料庫 { $path }：磁碟已滿。
store-moved = 資料庫已不在 { $path }：請停止機器人，把檔案移回原處，再啟動機器人。
store-not-local = 資料庫 { $path } 必須放在本機磁碟上：請移到本機磁碟。
store-unusable = 資料庫 { $path } 無法使用：{ $reason }。
store-application = 資料庫裡的設定屬於應用程式 { $owner } 的伺服器，而機器人是 { $application }：它不在的伺服器的設定保留不動。
store-exposed = 別的使用者也能使用 { $path }：請用 chmod { $mode } 禁止。

# PostgreSQL 資料庫，寫給執行機器人的人。
store-extra = 使用 PostgreSQL 需要驅動程式 asyncpg：請執行 pip install 'lianju[postgres]'。
store-server-url = 這不是 PostgreSQL 資料庫的位址：請寫 postgresql+asyncpg://使用者:密碼@主機/資料庫，密碼中的 @ 寫作 %40，/ 寫作 %2F，冒號寫作 %3A。
store-server-option = 資料庫位址中沒有 { $option } 這個選項：請從 { $options } 中選擇。
store-server-value = 資料庫位址中選項 { $option } 的值不對：請從 { $values } 中選擇。
store-unreachable = 無法連線到資料庫 { $path }（{ $reason }）：請檢查伺服器與網路。
store-login = 資料庫 { $path } 拒絕了使用者或密碼：請檢查 LIANJU_DATABASE。
store-no-such-database = 伺服器上沒有資料庫 { $path }：請用 createdb --encoding UTF8 --template template0 建立。
store-forbidden = 該使用者無權建立或寫入資料庫 { $path } 的資料表：請讓該使用者成為資料庫的擁有者。
store-standby = 資料庫 { $path } 是唯讀的：請連線到主要伺服器。
store-encoding = 資料庫 { $path } 的編碼是 { $encoding }，缺少字元：請用 createdb --encoding UTF8 --template template0 建立。
store-tables-taken = 資料庫 { $path } 裡有別的程式的資料表：請為 Lianju 單獨建立一個資料庫。
store-half-copied = 資料庫 { $path } 裡的複製尚未完成：請再次執行 lianju migrate-database。
store-other-process = 機器人的另一個行程正在使用資料庫 { $path }：請停止它，或在所有行程中用 LIANJU_SHARDS 分配分片。
store-shard-taken = 資料庫 { $path } 上已有另一個行程負責分片 { $shard }（共 { $count } 個）：請停止它，或在 LIANJU_SHARDS 中為本行程換別的分片。

# 備份與還原。
backup-no-database = { $path } 處沒有資料庫：請先啟動一次機器人。
backup-exists = { $path } 已存在：請另選檔案，或用 --force 覆寫。
backup-target-in-use = { $path } 正被用作資料庫：請另選檔案。
backup-same-file = { $path } 就是資料庫本身：請另選檔案。
backup-not-a-file = { $path } 不是一般檔案：請另選檔案。
backup-name = SQLite 以 { $path } 這樣的名稱存放資料庫的一部分：請換一個名稱。
restore-no-file = { $path } 不存在：請另選檔案。
restore-not-a-copy = { $path } 不是資料庫的備份：請另選檔案。
restore-damaged = { $path } 已損毀：請另選備份。
restore-empty = { $path } 是空資料庫：請另選檔案。
restore-kept-exists = { $path } 已存在：請過一秒再試。
restore-in-use = { $path } 正在使用：請先停止機器人，再還原。
backup-unwritable = 無法寫入 { $path }：{ $reason }。
backup-server = lianju backup 與 lianju restore 用於 SQLite：PostgreSQL 資料庫請用 pg_dump 備份，用 pg_restore 還原。
backup-done = 已將 { $path } 備份到 { $target }（{ $megabytes } MB）。
restore-done = 已用 { $source } 還原 { $path }。
restore-kept = 原資料庫保存為 { $path }。

# 從 SQLite 複製到 PostgreSQL。
copy-source = FROM 不是 SQLite 資料庫的位址：請寫 sqlite+aiosqlite:///，後接檔案路徑。
copy-no-source = { $path } 處沒有資料庫：請檢查 FROM。
copy-running = 另一次複製正在寫入資料庫 { $path }：請等它結束。
copy-target-in-use = 有機器人正在使用資料庫 { $path }：請先停止它，再複製。
copy-not-empty = 資料庫 { $path } 裡已有資料：如果複製已經完成，請把 LIANJU_DATABASE 設為它；否則請另建一個空資料庫。
copy-other-source = 資料庫 { $path } 裡有另一個資料庫未完成的複製：請另建一個空資料庫。
copy-differs = 資料表 { $table } 與複製的內容不符：請再次執行同一命令；若仍不符，請另建一個空資料庫。
copy-zero-byte = 資料表 { $table } 中有文字含零位元組，PostgreSQL 無法儲存：請先刪除該列。
copy-progress = { $table }：已複製 { $done } 列，共 { $total } 列
copy-table = { $table }：{ $rows } 列，兩邊校驗和均為 { $checksum }…
copy-done = 全部複製完畢：請把 LIANJU_DATABASE 設為新資料庫，並保留舊檔案，直到機器人啟動成功。
