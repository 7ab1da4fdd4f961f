# 命令列與設定的錯誤，寫給執行機器人的人。

cli-no-line = 請寫一句詩，例如 黃河遠上白雲間，或者給出 --heads 或 --keep。
cli-quotes = { $name } 不止一個：請加上引號，例如 lianju { $command } "{ $text }"。
cli-stdin-not-utf8 = 標準輸入不是 UTF-8 文字：請先轉換成 UTF-8。
cli-out-is-source = { $path } 是輸入檔案：請替 --out 換一個檔案。
cli-prompt = { $path } 第 { $line } 行：{ $reason }
cli-prompts-empty = { $path } 是空的：請每行寫一句。
cli-out-exists = { $path }已經存在：請換一個 --out，或用 --force 覆蓋。
cli-out-name = { $path }不是{ $kind }檔名：--out 請以 { $ending } 結尾。
cli-out-no-name = 沒有檔名：--out 請以 { $ending } 結尾。
cli-out-folder = { $path }是資料夾：--out 請寫檔名，例如 { $example }。
cli-not-utf8 = { $path } 不是 UTF-8 文字：請另存為 UTF-8。
cli-unreadable = 無法讀取 { $path }：{ $reason }。
cli-no-poems-file = 沒有檔案「{ $path }」：POEMS 是存放詩的文字檔，或用 - 表示標準輸入。
cli-one-file = 一本詩集只讀一個檔案：請把幾個合成一個，詩與詩之間空一行。
cli-control = { $name } 裡有控制字元或換行（{ $character }）：請去掉。
cli-unwritable = 無法寫入 { $path }：{ $reason }。
cli-output-failed = 無法輸出結果：{ $reason }。
cli-path-failed = 無法使用 { $path }：{ $reason }。
cli-extra = 沒有安裝 Python 套件 { $module }：請執行 pip install 'lianju[{ $extra }]'。
cli-folder-gone = 目前資料夾已不存在：請換一個資料夾。

# 環境變數與 `.env`。
dotenv-not-utf8 = 目前資料夾中的 .env 不是 UTF-8 文字：請另存為 UTF-8。
dotenv-unreadable = 無法讀取目前資料夾中的 .env（{ $reason }）：請允許機器人讀取，或刪除該檔案。
dotenv-line = .env 第 { $line } 行不是設定：請寫成 NAME=value。
setting-unknown = 沒有名為 { $name } 的設定：請從 { $names } 中選擇。
setting-unknown-similar = 沒有名為 { $name } 的設定：您要的是 { $similar } 嗎？
setting-value = { $name } 必須是{ setting-allowed }，不能是 { $value }。
setting-secret-value = { $name } 必須是{ setting-allowed }。
setting-plaintext = { $name } 會把權杖不加密地傳給別的機器：請改用 https:// 或 wss:// 網址，或設定 LIANJU_ALLOW_PLAINTEXT=true。
setting-shards-sqlite = { $name } 把一部分分片留給別的行程，而 SQLite 只能供一個行程使用：請在 LIANJU_DATABASE 中改用 PostgreSQL，或寫上全部分片。
setting-allowed = { $name ->
    [DISCORD_TOKEN] Discord 開發者入口網站 Bot 頁面上的權杖
    [LIANJU_TEST_GUILD] 一個 Discord 伺服器的 ID，只含數字
    [LIANJU_REST_BASE] 以 http:// 或 https:// 開頭的網址，例如 https://discord.com/api/v10，不含使用者名稱和密碼
    [LIANJU_GATEWAY] 以 ws:// 或 wss:// 開頭的網址，例如 wss://gateway.discord.gg
    [LIANJU_ALLOW_PLAINTEXT] true 或 false
    [LIANJU_ENGINE] 一個或多個 http:// 或 https:// 位址，例如 https://lianju.example，以逗號分隔，不含使用者名稱和密碼
    [LIANJU_ENGINE_TOKEN] ASCII 字母、數字和符號，不含空格
    [LIANJU_WEB_RATE] 0（不限）到 10000 之間的整數
    [LIANJU_WEB_PROXIES] IP 位址或網段，例如 127.0.0.1 或 10.0.0.0/8，用逗號分隔
    [LIANJU_BUNDLE] 模型包的資料夾
    [LIANJU_COUPLET_BUNDLE] 對聯模型包的資料夾
    [LIANJU_PROVIDER] auto、cuda 或 cpu
    [LIANJU_THREADS] 0（所有核心）到 256 的整數
    [LIANJU_QUEUE] 1 到 10000 的整數
    [LIANJU_DEADLINE] 1 到 840 的秒數
    [LIANJU_SHARDS] 本行程的分片與分片總數，例如 0-3/16 或 5/16
    [LIANJU_LOG_FORMAT] text 或 json
    [LIANJU_LOG_LEVEL] debug、info、warning 或 error
    [LIANJU_RETENTION_DAYS] 1 到 365 的整天數
    [LIANJU_MONITOR] 本機的 IP 位址和連接埠，如 127.0.0.1:9100 或 [::1]:9100
    [SENTRY_DSN] Sentry 專案的 DSN，如 https://key@sentry.example/1
   *[LIANJU_DATABASE] 一個 URL，例如 sqlite+aiosqlite:////srv/lianju.sqlite3 或 postgresql+asyncpg://使用者:密碼@主機/資料庫
}

# `lianju serve` 無法啟動的原因。
start-token-missing = 缺少 DISCORD_TOKEN：請把 https://discord.com/developers/applications 的 Bot 頁面上的權杖寫入 .env。
start-token-characters = DISCORD_TOKEN 含有空格或權杖中不會出現的字元：請從 https://discord.com/developers/applications 的 Bot 頁面重新複製。
start-token-parts = DISCORD_TOKEN 不是機器人權杖；權杖由句點分成三段：請從 https://discord.com/developers/applications 的 Bot 頁面複製，用戶端密鑰（client secret）或公鑰（public key）都不行。
start-token-refused = Discord 拒絕了 DISCORD_TOKEN：請從 https://discord.com/developers/applications 的 Bot 頁面重新複製權杖。
start-closed = Discord 永久關閉了連線（代碼 { $code }）：請在 Discord 文件中查找該代碼。
start-http-status = 登入時 Discord 傳回 HTTP 狀態 { $status }：請過幾分鐘再試（https://discordstatus.com）。
start-unreachable = 無法連線 { $address } 上的 Discord：請檢查網路和 LIANJU_REST_BASE。
start-gateway-unreachable = 無法連線 { $address } 上的 Discord 閘道：請檢查網路和 LIANJU_GATEWAY。
start-gateway-plaintext = 得到的 Discord 閘道網址是 { $address }，權杖會不加密地傳到那裡：請設定 LIANJU_GATEWAY，或 LIANJU_ALLOW_PLAINTEXT=true。
start-test-guild = LIANJU_TEST_GUILD 是 { $guild }，而機器人不在這個伺服器裡：請邀請它加入，或取消該設定。
start-model-failed = 無法執行 { $path } 中的模型：請換一個模型包。
start-model-values = { $path } 中的模型傳回了非有限數值：請換一個模型包。

# `lianju serve --check` 的結果。
check-settings = 已從環境變數和 .env 讀取
check-bundle = { $name } { $version } 在 { $provider ->
    [cuda] CUDA
   *[other] CPU
} 上執行
check-engine = { $address } 由 { $name } { $version } 回答
check-engine-failed = { $address }：{ $reason }
check-token = 屬於應用程式 { $application }；是否有效要等機器人上線時才知道
