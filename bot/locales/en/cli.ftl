# Errors of the command line and of the settings, for the operator.

cli-no-line = Write a line of verse, such as 黄河远上白云间, or give --heads or --keep.
cli-quotes = That is more than one { $name }: put quotes around it, as in lianju { $command } "{ $text }".
cli-stdin-not-utf8 = Standard input is not UTF-8 text: convert it to UTF-8 first.
cli-out-is-source = { $path } is the file that is read: choose another --out.
cli-prompt = { $path }, line { $line }: { $reason }
cli-prompts-empty = { $path } is empty: write one prompt per line.
cli-out-exists = { $path } exists: choose another --out, or add --force to replace it.
cli-out-name = { $path } is no name of a { $kind } file: let --out end in { $ending }.
cli-out-no-name = The file has no name: let --out end in { $ending }.
cli-out-folder = { $path } is a folder: let --out name a file, such as { $example }.
cli-not-utf8 = { $path } is not UTF-8 text: save it as UTF-8.
cli-unreadable = { $path } cannot be read: { $reason }.
cli-no-poems-file = There is no file “{ $path }”: POEMS is a text file with the poems, or - for standard input.
cli-one-file = A booklet is made of one file: join several into one, with empty rows between the poems.
cli-control = { $name } has { $character } in it, a control character or a line break: leave it out.
cli-unwritable = { $path } cannot be written: { $reason }.
cli-output-failed = The answer cannot be written: { $reason }.
cli-path-failed = { $path } cannot be used: { $reason }.
cli-extra = The Python package { $module } is not installed: run pip install 'lianju[{ $extra }]'.
cli-folder-gone = The working folder is gone: change to another one.

# The environment and `.env`.
dotenv-not-utf8 = .env in the working folder is not UTF-8 text: save it as UTF-8.
dotenv-unreadable = .env in the working folder cannot be read ({ $reason }): allow the bot to read it, or remove it.
dotenv-line = Line { $line } of .env is not a setting: write NAME=value.
setting-unknown = { $name } is not a setting: choose from { $names }.
setting-unknown-similar = { $name } is not a setting: did you mean { $similar }?
setting-value = { $name } must be { setting-allowed }, not { $value }.
setting-secret-value = { $name } must be { setting-allowed }.
setting-plaintext = { $name } would send the token unencrypted to another machine: use an https:// or wss:// address, or set LIANJU_ALLOW_PLAINTEXT=true.
setting-shards-sqlite = { $name } leaves shards to other processes, which SQLite cannot serve: use PostgreSQL in LIANJU_DATABASE, or name all shards.
setting-allowed = { $name ->
    [DISCORD_TOKEN] the token from the Bot page of the Discord developer portal
    [LIANJU_TEST_GUILD] the id of a Discord server, digits only
    [LIANJU_REST_BASE] an http:// or https:// address such as https://discord.com/api/v10, without a user or password
    [LIANJU_GATEWAY] a ws:// or wss:// address such as wss://gateway.discord.gg
    [LIANJU_ALLOW_PLAINTEXT] true or false
    [LIANJU_ENGINE] one or more http:// or https:// addresses such as https://lianju.example, separated by commas, without a user or password
    [LIANJU_ENGINE_TOKEN] letters, digits and signs of ASCII, without spaces
    [LIANJU_WEB_RATE] a whole number from 0 (no limit) to 10000
    [LIANJU_WEB_PROXIES] IP addresses or networks such as 127.0.0.1 or 10.0.0.0/8, separated by commas
    [LIANJU_BUNDLE] the folder of a bundle
    [LIANJU_COUPLET_BUNDLE] the folder of a bundle for couplets
    [LIANJU_PROVIDER] auto, cuda or cpu
    [LIANJU_THREADS] a whole number from 0 (every core) to 256
    [LIANJU_QUEUE] a whole number from 1 to 10000
    [LIANJU_DEADLINE] a number of seconds from 1 to 840
    [LIANJU_SHARDS] shards of this process and the number of all, such as 0-3/16 or 5/16
    [LIANJU_LOG_FORMAT] text or json
    [LIANJU_LOG_LEVEL] debug, info, warning or error
    [LIANJU_RETENTION_DAYS] a whole number of days from 1 to 365
    [LIANJU_MONITOR] an IP address of this machine and a port, such as 127.0.0.1:9100 or [::1]:9100
    [SENTRY_DSN] the DSN of a Sentry project, such as https://key@sentry.example/1
   *[LIANJU_DATABASE] a URL such as sqlite+aiosqlite:////srv/lianju.sqlite3 or postgresql+asyncpg://user:password@host/database
}

# Why `lianju serve` cannot start.
start-token-missing = DISCORD_TOKEN is missing: copy the token from the Bot page of https://discord.com/developers/applications into .env.
start-token-characters = DISCORD_TOKEN contains spaces or other characters that no token has: copy it again from the Bot page of https://discord.com/developers/applications.
start-token-parts = DISCORD_TOKEN is not a bot token, which has three parts separated by dots: copy it from the Bot page of https://discord.com/developers/applications; a client secret or public key does not work.
start-token-refused = Discord refused DISCORD_TOKEN: copy the token again from the Bot page of https://discord.com/developers/applications.
start-closed = Discord closed the connection permanently (code { $code }): look up the code in Discord's documentation.
start-http-status = Discord answered the login with HTTP status { $status }: try again in a few minutes (https://discordstatus.com).
start-unreachable = Discord cannot be reached at { $address }: check the network and LIANJU_REST_BASE.
start-gateway-unreachable = Discord's gateway cannot be reached at { $address }: check the network and LIANJU_GATEWAY.
start-gateway-plaintext = Discord's gateway is said to be at { $address }, where the token would be sent unencrypted: set LIANJU_GATEWAY, or LIANJU_ALLOW_PLAINTEXT=true.
start-test-guild = LIANJU_TEST_GUILD is { $guild }, a server that this bot is not in: invite it there, or unset the variable.
start-model-failed = The model in { $path } cannot be run: use another bundle.
start-model-values = The model in { $path } returned non-finite values: use another bundle.

# What `lianju serve --check` found.
check-settings = read from the environment and .env
check-bundle = { $name } { $version } runs on { $provider ->
    [cuda] CUDA
   *[other] the CPU
}
check-engine = { $address } answers with { $name } { $version }
check-engine-failed = { $address }: { $reason }
check-token = of the application { $application }; whether it is valid shows when the bot goes online
