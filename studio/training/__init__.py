"""One loop for all networks: tasks, data, training, figures, weights with their cards."""
