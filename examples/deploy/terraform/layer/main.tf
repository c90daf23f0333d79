# lambdakit package --exec-wrapper --python 3.13 --arch arm64 -o examples/deploy/terraform/layer/lambdakit.zip
# lambdakit package examples/s3_thumbnail/app.py:handler --python 3.13 --arch arm64 -o examples/deploy/terraform/layer/thumbnail.zip
# terraform -chdir=examples/deploy/terraform/layer apply -var role_arn=ARN

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

variable "role_arn" {
  type        = string
  description = "The function's execution role"
}

resource "aws_lambda_layer_version" "lambdakit" {
  layer_name               = "lambdakit"
  filename                 = "${path.module}/lambdakit.zip"
  source_code_hash         = filebase64sha256("${path.module}/lambdakit.zip")
  compatible_runtimes      = ["python3.13"]
  compatible_architectures = ["arm64"]
  license_info             = "Apache-2.0"
}

resource "aws_lambda_function" "thumbnail" {
  function_name    = "thumbnail"
  role             = var.role_arn
  filename         = "${path.module}/thumbnail.zip"
  source_code_hash = filebase64sha256("${path.module}/thumbnail.zip")
  handler          = "app.handler"
  runtime          = "python3.13"
  architectures    = ["arm64"]
  layers           = [aws_lambda_layer_version.lambdakit.arn]
  memory_size      = 512
  timeout          = 30

  environment {
    variables = {
      AWS_LAMBDA_EXEC_WRAPPER = "/opt/bootstrap"
      PHOTO_STORE             = "s3"
    }
  }
}
