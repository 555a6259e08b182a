from server.cli.main import app

# The processes of `serve` import this module again, under another name.
if __name__ == "__main__":
    app(prog_name="picshare")
