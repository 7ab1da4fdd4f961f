# Arguments of the application on Ray Serve, for the operator.

cluster-unknown = The cluster has no option { $name }: choose from { $names }.
cluster-value = { $name } must be { $name ->
    [gpus] the number of GPUs of each replica, 0 or more
   *[other] a whole number from 1 on
}, not { $value }.
cluster-maximum = max_replicas ({ $most }) is less than replicas ({ $replicas }): write a larger number, or leave it out.
cluster-no-gpu = LIANJU_PROVIDER=cuda needs a GPU for each replica: add gpus, such as gpus=1.
