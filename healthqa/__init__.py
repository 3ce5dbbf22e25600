"""healthqa: answers a publisher's readers from the publisher's own articles."""
