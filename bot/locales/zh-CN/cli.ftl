# 命令行与设置的错误，写给运行机器人的人。

cli-no-line = 请写一句诗，例如 黄河远上白云间，或者给出 --heads 或 --keep。
cli-quotes = { $name } 不止一个：请加上引号，例如 lianju { $command } "{ $text }"。
cli-stdin-not-utf8 = 标准输入不是 UTF-8 文本：请先转换成 UTF-8。
cli-out-is-source = { $path } 是输入文件：请给 --out 换一个文件。
cli-prompt = { $path } 第 { $line } 行：{ $reason }
cli-prompts-empty = { $path } 是空的：请每行写一句。
cli-out-exists = { $path }已经存在：请换一个 --out，或用 --force 覆盖。
cli-out-name = { $path }不是{ $kind }文件名：--out 请以 { $ending } 结尾。
cli-out-no-name = 没有文件名：--out 请以 { $ending } 结尾。
cli-out-folder = { $path }是目录：--out 请写文件名，例如 { $example }。
cli-not-utf8 = { $path } 不是 UTF-8 文本：请另存为 UTF-8。
cli-unreadable = 无法读取 { $path }：{ $reason }。
cli-no-poems-file = 没有文件“{ $path }”：POEMS 是存放诗的文本文件，或用 - 表示标准输入。
cli-one-file = 一本诗集只读一个文件：请把几个合成一个，诗与诗之间空一行。
cli-control = { $name } 里有控制字符或换行（{ $character }）：请去掉。
cli-unwritable = 无法写入 { $path }：{ $reason }。
cli-output-failed = 无法输出结果：{ $reason }。
cli-path-failed = 无法使用 { $path }：{ $reason }。
cli-extra = 没有安装 Python 包 { $module }：请运行 pip install 'lianju[{ $extra }]'。
cli-folder-gone = 当前目录已不存在：请换一个目录。

# 环境变量与 `.env`。
dotenv-not-utf8 = 当前目录下的 .env 不是 UTF-8 文本：请另存为 UTF-8。
dotenv-unreadable = 无法读取当前目录下的 .env（{ $reason }）：请允许机器人读取，或删除该文件。
dotenv-line = .env 第 { $line } 行不是设置：请写成 NAME=value。
setting-unknown = 没有名为 { $name } 的设置：请从 { $names } 中选择。
setting-unknown-similar = 没有名为 { $name } 的设置：您要的是 { $similar } 吗？
setting-value = { $name } 必须是{ setting-allowed }，不能是 { $value }。
setting-secret-value = { $name } 必须是{ setting-allowed }。
setting-plaintext = { $name } 会把令牌不加密地发给别的机器：请改用 https:// 或 wss:// 地址，或设置 LIANJU_ALLOW_PLAINTEXT=true。
setting-shards-sqlite = { $name } 把一部分分片留给别的进程，而 SQLite 只能供一个进程使用：请在 LIANJU_DATABASE 中改用 PostgreSQL，或写上全部分片。
setting-allowed = { $name ->
    [DISCORD_TOKEN] Discord 开发者门户 Bot 页面上的令牌
    [LIANJU_TEST_GUILD] 一个 Discord 服务器的 ID，只含数字
    [LIANJU_REST_BASE] 以 http:// 或 https:// 开头的地址，例如 https://discord.com/api/v10，不含用户名和密码
    [LIANJU_GATEWAY] 以 ws:// 或 wss:// 开头的地址，例如 wss://gateway.discord.gg
    [LIANJU_ALLOW_PLAINTEXT] true 或 false
    [LIANJU_ENGINE] 一个或多个 http:// 或 https:// 地址，例如 https://lianju.example，用逗号分隔，不含用户名和密码
    [LIANJU_ENGINE_TOKEN] ASCII 字母、数字和符号，不含空格
    [LIANJU_WEB_RATE] 0（不限）到 10000 之间的整数
    [LIANJU_WEB_PROXIES] IP 地址或网段，例如 127.0.0.1 或 10.0.0.0/8，用逗号分隔
    [LIANJU_BUNDLE] 模型包的目录
    [LIANJU_COUPLET_BUNDLE] 对联模型包的目录
    [LIANJU_PROVIDER] auto、cuda 或 cpu
    [LIANJU_THREADS] 0（所有核心）到 256 的整数
    [LIANJU_QUEUE] 1 到 10000 的整数
    [LIANJU_DEADLINE] 1 到 840 的秒数
    [LIANJU_SHARDS] 本进程的分片与分片总数，例如 0-3/16 或 5/16
    [LIANJU_LOG_FORMAT] text 或 json
    [LIANJU_LOG_LEVEL] debug、info、warning 或 error
    [LIANJU_RETENTION_DAYS] 1 到 365 的整天数
    [LIANJU_MONITOR] 本机的 IP 地址和端口，如 127.0.0.1:9100 或 [::1]:9100
    [SENTRY_DSN] Sentry 项目的 DSN，如 https://key@sentry.example/1
   *[LIANJU_DATABASE] 一个 URL，例如 sqlite+aiosqlite:////srv/lianju.sqlite3 或 postgresql+asyncpg://用户:密码@主机/数据库
}

# `lianju serve` 无法启动的原因。
start-token-missing = 缺少 DISCORD_TOKEN：请把 https://discord.com/developers/applications 的 Bot 页面上的令牌写入 .env。
start-token-characters = DISCORD_TOKEN 含有空格或令牌中不会出现的字符：请从 https://discord.com/developers/applications 的 Bot 页面重新复制。
start-token-parts = DISCORD_TOKEN 不是机器人令牌；令牌由点号分成三段：请从 https://discord.com/developers/applications 的 Bot 页面复制，客户端密钥（client secret）或公钥（public key）都不行。
start-token-refused = Discord 拒绝了 DISCORD_TOKEN：请从 https://discord.com/developers/applications 的 Bot 页面重新复制令牌。
start-closed = Discord 永久关闭了连接（代码 { $code }）：请在 Discord 文档中查找该代码。
start-http-status = 登录时 Discord 返回 HTTP 状态 { $status }：请过几分钟再试（https://discordstatus.com）。
start-unreachable = 无法连接 { $address } 上的 Discord：请检查网络和 LIANJU_REST_BASE。
start-gateway-unreachable = 无法连接 { $address } 上的 Discord 网关：请检查网络和 LIANJU_GATEWAY。
start-gateway-plaintext = 得到的 Discord 网关地址是 { $address }，令牌会不加密地发到那里：请设置 LIANJU_GATEWAY，或 LIANJU_ALLOW_PLAINTEXT=true。
start-test-guild = LIANJU_TEST_GUILD 是 { $guild }，而机器人不在这个服务器里：请邀请它加入，或取消该设置。
start-model-failed = 无法运行 { $path } 中的模型：请换一个模型包。
start-model-values = { $path } 中的模型返回了非有限数值：请换一个模型包。

# `lianju serve --check` 的结果。
check-settings = 已从环境变量和 .env 读取
check-bundle = { $name } { $version } 在 { $provider ->
    [cuda] CUDA
   *[other] CPU
} 上运行
check-engine = { $address } 由 { $name } { $version } 回答
check-engine-failed = { $address }：{ $reason }
check-token = 属于应用 { $application }；是否有效要等机器人上线时才知道
