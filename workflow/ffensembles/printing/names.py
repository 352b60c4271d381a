"""What the models, datasets and categories are called in print."""

MODELS = {"ff": "FF", "bpff": "BP/FF", "bp": "BP"}

DATASETS = {
    "mnist": "MNIST",
    "fashionmnist": "FASHIONMNIST",
    "svhn": "SVHN",
    "cifar10": "CIFAR10",
    "digits": "digits",
}

DIGITS = [str(digit) for digit in range(10)]

CATEGORIES = {
    "mnist": DIGITS,
    "fashionmnist": [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ],
    "svhn": DIGITS,
    "cifar10": [
        "Airplane",
        "Automobile",
        "Bird",
        "Cat",
        "Deer",
        "Dog",
        "Frog",
        "Horse",
        "Ship",
        "Truck",
    ],
    "digits": DIGITS,
}
