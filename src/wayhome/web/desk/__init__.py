"""Pages for officers. Every view says which verb it needs; services ask again."""
