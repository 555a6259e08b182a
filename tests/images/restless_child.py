"""The worker's image child, which gives memory back as soon as it has nothing to do."""

from workers.images import child

if __name__ == "__main__":
    child.IDLE_S = 0
    child.main()
